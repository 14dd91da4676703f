// Finds the program's own modules by their names alone. Node looks at the disk a dozen times for each: whether it is there, a
// link, of which package and so of which type. With some 500 modules that is a third of the time to load them.
// To be loaded before the program (`--import`), then its threads have it too.
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith('.') && specifier.endsWith('.ts') && context.parentURL
      ? { url: new URL(specifier, context.parentURL).href, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
});
