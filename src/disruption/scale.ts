// How many pods the controller of a pod wants to have.
import type { Informer } from '../informer/informer.ts';
import type {
  Deployment,
  Pod,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../k8s/generated/types.ts';
import { type KubeObject, type Stored, joinKey } from '../k8s/objects.ts';
import { controllerOf } from '../k8s/owner-references.ts';
import type { Scale } from './compile.ts';

export type ScaleInformers = {
  readonly deployments: Informer<Deployment>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly replicationControllers: Informer<ReplicationController>;
  readonly statefulSets: Informer<StatefulSet>;
};

type Scaled = KubeObject & { readonly spec?: { readonly replicas?: number | undefined } | undefined };
type Source = { readonly get: (key: string) => Stored<Scaled> | undefined };

/** Of a Deployment's pods the Deployment decides, not one of its ReplicaSets. */
export const scaleFinder =
  (informers: ScaleInformers) =>
  (pod: Stored<Pod>): Scale | undefined => {
    const controller = controlling(byKind(informers), pod);
    if (controller?.kind !== 'ReplicaSet') return controller && scaleOf(controller.object);
    const deployment = controlling({ Deployment: informers.deployments }, controller.object);
    return scaleOf(deployment?.object ?? controller.object);
  };

const byKind = (informers: ScaleInformers): Readonly<Record<string, Source>> => ({
  ReplicaSet: informers.replicaSets,
  ReplicationController: informers.replicationControllers,
  StatefulSet: informers.statefulSets,
});

type Found = { readonly kind: string; readonly object: Stored<Scaled> };

const controlling = (
  informerByKind: Readonly<Record<string, Source>>,
  { metadata }: Stored<KubeObject>,
): Found | undefined => {
  const owner = controllerOf({ metadata });
  const informer = owner && Object.hasOwn(informerByKind, owner.kind) && informerByKind[owner.kind];
  const object = informer ? informer.get(joinKey(metadata.namespace, owner.name)) : undefined;
  return owner && object?.metadata.uid === owner.uid ? { kind: owner.kind, object } : undefined;
};

const scaleOf = ({ metadata, spec }: Stored<Scaled>): Scale => ({
  uid: metadata.uid,
  replicas: spec?.replicas ?? 1,
});
