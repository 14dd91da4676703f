// Files that projects publish as Go modules: the manifests of the Gateway API and of network-policy-api. The Go tool keeps them.
import { execFileSync } from 'node:child_process';

/** The folder of `module@version`; undefined, and why, where there is no Go or the module cannot be had. */
export const goModule = (
  module: string,
): { readonly folder: string } | { readonly folder: undefined; readonly why: string } => {
  try {
    const out = execFileSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8', stdio: 'pipe' });
    return { folder: (JSON.parse(out) as { readonly Dir: string }).Dir };
  } catch (error) {
    return {
      folder: undefined,
      why: `go mod download ${module}: ${(error as Error).message.split('\n', 1)[0]}`,
    };
  }
};
