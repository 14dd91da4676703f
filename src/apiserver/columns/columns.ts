// The columns that kinds share, and how a row is made of them.
import type { Container, LabelSelector } from '../../k8s/generated/types.ts';
import { labelSelectorText } from '../../k8s/labels.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import type { Cell, Column } from '../kind.ts';
import { ageOf } from './age.ts';

export const NONE = '<none>';

export const NAME: Column = { name: 'Name', type: 'string', priority: 0, format: 'name' };
export const AGE: Column = { name: 'Age', type: 'string', priority: 0 };
export const CREATED_AT: Column = { name: 'Created At', type: 'date', priority: 0 };

/** Columns of plain text. */
export const texts = (...names: string[]): Column[] =>
  names.map((name) => ({ name, type: 'string', priority: 0 }));

export const integers = (...names: string[]): Column[] =>
  names.map((name) => ({ name, type: 'integer', priority: 0 }));

export const booleans = (...names: string[]): Column[] =>
  names.map((name) => ({ name, type: 'boolean', priority: 0 }));

/** Columns that only `-o wide` shows. */
export const wide = (...names: string[]): Column[] =>
  names.map((name) => ({ name, type: 'string', priority: 1 }));

export const nameCell = (object: KubeObject): Cell => object.metadata?.name ?? '';

export const ageCell = (object: KubeObject, nowMs: number): Cell =>
  ageOf(object.metadata?.creationTimestamp, nowMs);

export const createdCell = (object: KubeObject): Cell => object.metadata?.creationTimestamp ?? '';

/** What a workload's wide columns say about its pods: the containers' names and images. */
export const containerCells = (containers: readonly Container[] | undefined): readonly [Cell, Cell] => [
  (containers ?? []).map(({ name }) => name).join(','),
  (containers ?? []).map(({ image }) => image ?? '').join(','),
];

/** `a=1,b=2` sorted by key, `<none>` where there are none (labels.FormatLabels). */
export const labelsCell = (labels: Readonly<Record<string, string>> | undefined): Cell =>
  Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',') || NONE;

/** What a selector selects, `<none>` where it says nothing. */
export const selectorCell = (selector: LabelSelector | undefined): Cell =>
  labelSelectorText(selector) || NONE;

/** At most three items and how many more there are. */
export const shortList = (items: readonly string[]): string =>
  items.length > 3 ? `${items.slice(0, 3).join(',')} + ${items.length - 3} more...` : items.join(',');
