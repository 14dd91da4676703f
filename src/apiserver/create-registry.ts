// The API's verbs over one store: the registry that the HTTP layer and the in-process clients share.
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { NO_ADMISSION, createAdmission } from './admission/create-admission.ts';
import { startTypeChecks } from './admission/type-checks/type-checks.ts';
import { startApiServices } from './api-services/api-services.ts';
import { createAccess } from './auth/access.ts';
import { sourceOf } from './auth/object-source.ts';
import type { Kind, Part } from './kind.ts';
import { KindTable } from './kind-table.ts';
import { customKinds } from './custom/custom-kind.ts';
import { Definitions } from './custom/definitions.ts';
import { customResourceDefinitions } from '../k8s/resources.ts';
import type { CustomResourceDefinition } from '../k8s/generated/types.ts';
import type { Registry, RequestContext, Subresource } from './registry.ts';
import { loadDefinitions } from './schema/schema.ts';
import { createShapes } from './schema/shape.ts';
import { methodNotSupported } from './status-errors.ts';
import { startExpiry } from './store/expiry.ts';
import { list } from './store/list.ts';
import { selectorOf } from './store/selector.ts';
import { Store } from './store/store.ts';
import type { StoreOptions } from './store/store.ts';
import { watch } from './store/watch.ts';
import { apply } from './verbs/apply.ts';
import { arrival, missingNeed } from './verbs/arrival.ts';
import { askAbout } from './verbs/ask-admission.ts';
import { converted, readiness } from './verbs/converted.ts';
import { create } from './verbs/create.ts';
import { serviceEndpoint } from './webhooks/service-endpoint.ts';
import { createWebhookClient } from './webhooks/webhook-client.ts';
import type { WebhookClient } from './webhooks/webhook-client.ts';
import { deleteOne, deleteSelected } from './verbs/delete.ts';
import type { Foretell } from './verbs/foretell.ts';
import { find, keyFor, tableOf } from './verbs/machinery.ts';
import type { Machinery } from './verbs/machinery.ts';
import { patch } from './verbs/patch.ts';
import { applyScale, getScale, patchScale, updateScale } from './verbs/scale.ts';
import { runSubresource } from './verbs/subresource.ts';
import { update, updateStatus } from './verbs/update.ts';
import { runAtOnce, runVerb, untilCurrent } from './verbs/verb.ts';
import type { Verb } from './verbs/verb.ts';

export type RegistryOptions = {
  readonly kinds: readonly Kind[];
  readonly clock: Clock;
  readonly log: Log;
  /** How many and how old changes watches can resume from. */
  readonly history?: StoreOptions['history'];
  readonly journal?: StoreOptions['journal'];
  readonly restored?: StoreOptions['restored'];
  /** Is asked what a dry run would bring about. */
  readonly foretell?: Foretell | undefined;
};

/** A cluster with the initial objects of its kinds. Needs the kind Namespace for namespaced kinds. */
export const createRegistry = ({ kinds, ...options }: RegistryOptions): Registry => {
  const [store, table] = [new Store(options), new KindTable(kinds)];
  const access = createAccess(sourceOf(store));
  const webhooks = webhookClient(store);
  const machinery: Machinery = {
    store,
    access,
    admission: createAdmission({ store, table, access, webhooks, log: options.log }),
    clock: options.clock,
    shape: createShapes(loadDefinitions()),
    foretell: options.foretell,
  };
  startExpiry(store, { kinds, ...options });
  startDefinitions(machinery, table, webhooks);
  // Of what the server itself makes nobody is asked.
  const unasked = { ...machinery, admission: NO_ADMISSION };
  createInitial(unasked, kinds);
  startApiServices(unasked, table, ITSELF);
  startTypeChecks(unasked, table, ITSELF);
  // The writes are async by contract, not by need: errors of any step become rejections.
  return {
    kinds: table,
    access: machinery.access,
    admit: (asked, context) => runVerb(untilCurrent(() => askAbout(machinery, asked, context))),
    revision: () => String(store.revision),
    settledRevision: () => String(store.settledRevision),
    settled: () => store.settled(),
    get: (kind, ref, subresource) =>
      subresource === 'scale' ? getScale(machinery, kind, ref) : find(machinery, kind, ref),
    list: (kind, query) => list(store, tableOf(machinery, kind), selectorOf(kind, query), query),
    watch: (kind, query, sink) =>
      watch(store, tableOf(machinery, kind), selectorOf(kind, query), query, sink),
    ready: (kind, ref) => readiness(machinery, kind, ref),
    create: async (kind, namespace, object, context) => {
      const need = missingNeed(machinery, kind, namespace, object);
      if (need) await arrival(machinery, need);
      return converted(machinery, { kind, about: 'nothing yet' }, () =>
        create(machinery, kind, namespace, object, context),
      );
    },
    update: (kind, ref, object, context, subresource) =>
      converted(machinery, { kind, about: ref }, () =>
        updaters[subresource ?? 'whole'](machinery, supporting(kind, subresource), ref, object, context),
      ),
    patch: (kind, ref, change, context, subresource) =>
      converted(machinery, { kind, about: ref }, () =>
        subresource === 'scale'
          ? patchScale(machinery, kind, ref, change, context)
          : patch(machinery, supporting(kind, subresource), ref, change, context, subresource),
      ),
    apply: async (kind, ref, request, context, subresource) => {
      if (subresource === 'scale')
        return converted(machinery, { kind, about: ref }, () =>
          applyScale(machinery, kind, ref, request, context),
        );
      const isThere = tableOf(machinery, kind).objects.get(keyFor(kind, ref)) !== undefined;
      const need = isThere ? undefined : missingNeed(machinery, kind, ref.namespace, request.config);
      if (need) await arrival(machinery, need);
      return converted(machinery, { kind, about: ref }, () =>
        apply(machinery, supporting(kind, subresource), ref, request, context, subresource),
      );
    },
    delete: (kind, ref, request, context) =>
      converted(machinery, { kind, about: ref }, () => deleteOne(machinery, kind, ref, request, context)),
    deleteCollection: (kind, selection, request, context) =>
      converted(machinery, { kind, about: 'all' }, () =>
        deleteSelected(machinery, kind, selection, request, context),
      ),
    createSubresource: async (kind, ref, subresource, body, context) =>
      runVerb(untilCurrent(() => runSubresource(machinery, { kind, ref, subresource, body }, context))),
  };
};

const webhookClient = (store: Store): WebhookClient =>
  createWebhookClient((service) =>
    serviceEndpoint((resource, key) => store.table(resource).objects.get(key) as never, service),
  );

const createInitial = (machinery: Machinery, kinds: readonly Kind[]): void => {
  for (const kind of kinds)
    for (const object of kind.initial ?? []) {
      const key = String(object.metadata?.['name']); // cluster-scoped, all of them
      if (!tableOf(machinery, kind).objects.get(key))
        runAtOnce(create(machinery, kind, undefined, object, ITSELF));
    }
};

/** Custom kinds come and go with their definitions, if definitions are served at all. */
const startDefinitions = (machinery: Machinery, kinds: KindTable, webhooks: WebhookClient): void => {
  const kind = kinds.find(customResourceDefinitions);
  if (!kind) return;
  const metadata = machinery.shape({ definition: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' });
  const kindsOf = (definition: CustomResourceDefinition): readonly Kind[] =>
    customKinds(definition, { metadata, webhooks });
  new Definitions({ machinery, kinds, kind, context: ITSELF, kindsOf });
};

/** The server as the author of its initial objects. */
const ITSELF: RequestContext = {
  user: { name: 'system:apiserver', groups: ['system:masters'] },
  dryRun: false,
  fieldManager: 'kube-apiserver',
  fieldValidation: 'Strict',
  decodingErrors: [],
  warn: () => {},
};

type Update = (...args: Parameters<typeof update>) => Verb<Stored<KubeObject>>;

const updaters: Readonly<Record<Subresource | 'whole', Update>> = {
  whole: update,
  status: updateStatus,
  scale: updateScale,
  ephemeralcontainers: (machinery, kind, ref, body, context) =>
    update(machinery, kind, ref, body, context, 'ephemeralcontainers'),
  approval: (machinery, kind, ref, body, context) => update(machinery, kind, ref, body, context, 'approval'),
};

/** The kind as a write through the subresource sees it. Throws 405. */
const supporting = (kind: Kind, subresource: Subresource | undefined): Kind => {
  if (subresource === undefined) return kind;
  if (!kind.subresources.includes(subresource)) throw methodNotSupported(kind.resource, subresource);
  const part = isPart(subresource) ? kind.parts?.[subresource] : undefined;
  if (!part) return kind;
  const { narrow: prepareForUpdate, validateUpdate, isStatus } = part;
  return {
    ...kind,
    prepareForUpdate,
    validateUpdate,
    ...(isStatus && { subresources: kind.subresources.filter((each) => each !== 'status') }),
  };
};

const isPart = (subresource: Subresource): subresource is Part =>
  subresource !== 'status' && subresource !== 'scale';
