// podnet version: of podnet, of the Kubernetes API it serves, of the Node and the kernel it runs on.
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { KUBERNETES_VERSION } from '../k8s/version.ts';
import { print } from './output.ts';

const podnetVersion = (): string =>
  (JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string })
    .version;

export const version = (output: 'table' | 'json'): void => {
  const facts = {
    podnet: podnetVersion(),
    kubernetes: KUBERNETES_VERSION,
    node: process.version,
    kernel: release(),
  };
  print(
    output === 'json'
      ? JSON.stringify(facts, null, 2)
      : Object.entries(facts)
          .map(([name, value]) => `${name} ${value}`)
          .join('\n'),
  );
};
