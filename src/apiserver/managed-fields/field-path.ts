// The elements of a path as FieldsV1 writes them, and as people read them: `f:spec` is `.spec`, `k:{"name":"web"}` is
// `[name="web"]`, `v:"x"` is `[="x"]`, `i:0` is `[0]`.
// Source: sigs.k8s.io/structured-merge-diff/fieldpath/serialize-pe.go and element.go.
import type { FieldPath } from './field-set.ts';

export const fieldElement = (name: string): string => `f:${name}`;

export const indexElement = (index: number): string => `i:${index}`;

export const valueElement = (value: unknown): string => `v:${JSON.stringify(value)}`;

/** Of a list's item; the keys in the order of their names. */
export const keyElement = (keys: readonly (readonly [name: string, value: unknown])[]): string =>
  `k:${JSON.stringify(Object.fromEntries(keys))}`;

/** `.spec.template.spec.containers[name="web"].image` */
export const pathText = (path: FieldPath): string => path.map(elementText).join('');

export const elementText = (element: string): string => {
  const text = element.slice(2);
  switch (element.slice(0, 2)) {
    case 'f:':
      return `.${text}`;
    case 'k:':
      return `[${Object.entries(JSON.parse(text) as object)
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        .join(',')}]`;
    case 'v:':
      return `[=${text}]`;
    default:
      return `[${text}]`;
  }
};

/** Whether a text from outside is an element. */
export const isElement = (element: string): boolean => {
  if (element.startsWith('f:')) return true;
  if (element.startsWith('i:')) return /^i:\d+$/.test(element);
  if (element.startsWith('k:')) return isJson(element.slice(2), isKeys);
  return element.startsWith('v:') && isJson(element.slice(2), () => true);
};

const isKeys = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isJson = (text: string, accepts: (value: unknown) => boolean): boolean => {
  try {
    return accepts(JSON.parse(text));
  } catch {
    return false;
  }
};
