// What is asked when access is decided: a verb on a resource, or on a path of the server's own.

export type ResourceAttributes = {
  readonly kind: 'resource';
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
};

export type Attributes =
  | ResourceAttributes
  | { readonly kind: 'path'; readonly verb: string; readonly path: string };

/** `reason` says which binding allows it, or why no role could be found. */
export type Decision = { readonly allowed: boolean; readonly reason: string };

/** `pods/log`, as roles name it. */
export const resourceText = ({
  resource,
  subresource,
}: Pick<ResourceAttributes, 'resource' | 'subresource'>): string =>
  subresource ? `${resource}/${subresource}` : resource;
