// The webhooks of all configurations, in the order in which they are asked: by the names of the configurations, then as these
// list them (k8s.io/apiserver/pkg/admission/configuration, mutating_webhook_manager.go).
import type { MutatingWebhook, ValidatingWebhook } from '../../../k8s/generated/types.ts';
import type { StoredMeta } from '../../../k8s/objects.ts';
import { compileConditions } from '../policies/compile-policy.ts';

export type Conditions = ReturnType<typeof compileConditions>;

export type Hook = {
  readonly webhook: ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
  /** Of the configuration. */
  readonly configuration: string;
  /** Compiled when first asked for. */
  readonly conditions: () => Conditions;
};

type Configuration = {
  readonly metadata: StoredMeta;
  readonly webhooks?: readonly Hook['webhook'][] | undefined;
};

/** Hooks are made once for a stored configuration. */
export const createHooks = (): ((configurations: readonly Configuration[]) => readonly Hook[]) => {
  const known = new WeakMap<Configuration, readonly Hook[]>();
  const hooksOf = (configuration: Configuration): readonly Hook[] => {
    const hooks = known.get(configuration) ?? makeHooks(configuration);
    known.set(configuration, hooks);
    return hooks;
  };
  return (configurations) => configurations.flatMap(hooksOf);
};

const makeHooks = ({ metadata, webhooks = [] }: Configuration): readonly Hook[] =>
  webhooks.map((webhook) => {
    let conditions: Conditions | undefined;
    return {
      webhook,
      configuration: metadata.name,
      conditions: () => (conditions ??= compileConditions(webhook.matchConditions ?? [])),
    };
  });
