// The protobuf field numbers of Kubernetes' messages, by their OpenAPI names; loaded when the first such body comes or goes.
import { readFileSync } from 'node:fs';
import { ownValue } from '../../lang/own-value.ts';

/** `omitted`: not in JSON when zero. `inline`: a message whose fields are its parent's in JSON. `map`: keys are strings. */
export type FieldFacts = readonly [
  name: string,
  type: string,
  rule: 'one' | 'omitted' | 'list' | 'map' | 'inline',
];

export type MessageFacts = Readonly<Record<number, FieldFacts>>;

const FILE = new URL('../../k8s/generated/protobuf.json', import.meta.url);

let loaded: Readonly<Record<string, MessageFacts>> | undefined;

const load = (): NonNullable<typeof loaded> =>
  (loaded ??= (JSON.parse(readFileSync(FILE, 'utf8')) as { readonly messages: typeof loaded }).messages!);

export const hasMessage = (name: string): boolean => ownValue(load(), name) !== undefined;

/** Throws for a message that is none of the served kinds' messages. */
export const messageFacts = (name: string): MessageFacts => {
  const facts = ownValue(load(), name);
  if (!facts) throw new Error(`no protobuf message ${name}`);
  return facts;
};
