// Files that projects publish as Go modules: the manifests of the Gateway API and of network-policy-api. The Go tool keeps them.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type GoModule = { readonly folder: string } | { readonly folder: undefined; readonly why: string };

/** Where Go's own archives put it; the set-up takes it for installed, on the PATH or not. */
const GO_FOLDER = '/usr/local/go/bin';

/** The folder of `module@version`; undefined, and why, where there is no Go or the module cannot be had. */
export const goModule = (module: string): GoModule => {
  try {
    const out = execFileSync('go', ['mod', 'download', '-json', module], {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, PATH: [process.env['PATH'], GO_FOLDER].join(delimiter) },
    });
    return { folder: (JSON.parse(out) as { readonly Dir: string }).Dir };
  } catch (error) {
    return {
      folder: undefined,
      why: `go mod download ${module}: ${(error as Error).message.split('\n', 1)[0]}`,
    };
  }
};

/** For a test's `skip`: false if the module is there. */
export const skipOf = (module: GoModule): string | false =>
  module.folder === undefined ? module.why : false;

/** The manifests below a folder of a module, sorted; none if there is no such folder. */
export const manifestsIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yaml') && !/kustom/.test(name))
      .map((name) => join(folder, name))
      .sort();
  } catch {
    return [];
  }
};
