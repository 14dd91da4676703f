// Writes one Service's steps, each on the version that the one before made.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Service } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { services } from '../../k8s/resources.ts';
import type { Step } from './diff.ts';
import { FINALIZER } from './state.ts';

export type AddressWriter = { readonly client: ApiClient; readonly events: EventRecorder };

/** The Service as it is after the last write; a Conflict is thrown, and nothing is written after it. */
export const applySteps = async (
  writer: AddressWriter,
  service: Stored<Service>,
  steps: readonly Step[],
): Promise<Stored<Service>> => {
  let present = service;
  for (const step of steps) present = await applyStep(writer, present, step);
  return present;
};

const applyStep = async (
  { client, events }: AddressWriter,
  service: Stored<Service>,
  step: Step,
): Promise<Stored<Service>> => {
  const finalizers = service.metadata.finalizers ?? [];
  switch (step.kind) {
    case 'add-finalizer':
      return setFinalizers(client, service, [...finalizers, FINALIZER]);
    case 'remove-finalizer':
      return setFinalizers(
        client,
        service,
        finalizers.filter((finalizer) => finalizer !== FINALIZER),
      );
    case 'set-addresses':
      return setAddresses(client, service, step.ips);
    case 'tell':
      events.record(services, service, step);
      return service;
    default:
      return step satisfies never;
  }
};

/** A merge patch replaces the whole list, so it depends on the version that the list was read from. */
const setFinalizers = (
  client: ApiClient,
  { metadata: { name, namespace, resourceVersion } }: Stored<Service>,
  finalizers: readonly string[],
): Promise<Stored<Service>> =>
  client.patch(
    services,
    { name, namespace },
    { metadata: { resourceVersion, finalizers } },
    { type: 'application/merge-patch+json' },
  );

const setAddresses = (
  client: ApiClient,
  service: Stored<Service>,
  ips: readonly string[],
): Promise<Stored<Service>> => {
  const ingress = ips.map((ip) => ({ ip, ipMode: 'VIP' }));
  const loadBalancer = ingress.length > 0 ? { ingress } : {};
  return client.updateStatus(services, { ...service, status: { ...service.status, loadBalancer } });
};
