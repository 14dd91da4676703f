// npm run generate:docs: writes the pages of docs/reference/ that are made from the sources.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsDocument } from './metrics-document.ts';
import { ROOT } from './run.ts';

mkdirSync(join(ROOT, 'docs/reference'), { recursive: true });
writeFileSync(join(ROOT, 'docs/reference/metrics.md'), metricsDocument());
