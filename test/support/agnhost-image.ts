// The image agnhost, as far as conformance/agnhost goes: one program, also by the name of a shell.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { writeTar } from '../../src/images/tar.ts';
import { layoutOf } from './oci-layout.ts';

export const AGNHOST = 'registry.k8s.io/e2e-test-images/agnhost:2.45';

/** Writes the image as an OCI layout into the folder, made of that program. */
export const writeAgnhostImage = async (program: string, folder: string): Promise<void> => {
  const layer = await buffer(
    writeTar([
      { name: 'agnhost', mode: 0o755, content: readFileSync(program) },
      { name: 'bin/bash', type: 'symlink', linkname: '/agnhost' },
    ]),
  );
  const files = layoutOf({ layers: [layer], name: AGNHOST, command: ['/agnhost'] });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
};
