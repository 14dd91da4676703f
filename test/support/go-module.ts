// Published manifests that come in Go modules, by the Go tool's own module cache.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

export type GoModule = { readonly folder: string } | { readonly missing: string };

/** `module@version`. `missing` says why it cannot be had on this machine. */
export const goModule = (name: string): GoModule => {
  try {
    const out = execFileSync('go', ['mod', 'download', '-json', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { folder: (JSON.parse(out) as { readonly Dir: string }).Dir };
  } catch (error) {
    const { code, stdout, message } = error as NodeJS.ErrnoException & { readonly stdout?: string };
    return { missing: code === 'ENOENT' ? 'needs the Go tool' : `no ${name}: ${stdout || message}` };
  }
};

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
