// The manifests of the examples and of the documents: what people really send.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
};

export const readManifests = (): readonly Manifest[] =>
  [...examples(), ...documents()].flatMap((text) =>
    parseAllDocuments(text)
      .map((document) => document.toJS() as Manifest | null)
      .filter((value) => value !== null && typeof value.kind === 'string' && 'metadata' in value),
  ) as readonly Manifest[];

const filesBelow = (folder: string, end: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(end))
    .sort()
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'));

const examples = (): readonly string[] => filesBelow('examples', '.yaml');

const documents = (): readonly string[] =>
  filesBelow('docs', '.md').flatMap((text) =>
    [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block]) => block!),
  );
