// Says on a Service whether it has hints in proportion to its zones, and why not: once for each change.
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Service } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { services } from '../../k8s/resources.ts';
import type { AddressType } from '../state.ts';

const ENABLED = 'Topology Aware Hints has been enabled';
const DISABLED = 'Topology Aware Hints has been disabled';

/** Remembers, per Service and family, what was said last; nothing is decided by it. */
export class HintTeller {
  readonly #events: EventRecorder;
  readonly #said = new Map<string, ReadonlyMap<AddressType, string>>();

  constructor(events: EventRecorder) {
    this.#events = events;
  }

  /** `reasons` is undefined for a Service that does not ask for such hints (any more). */
  tell(
    key: string,
    service: Stored<Service>,
    reasons: ReadonlyMap<AddressType, string | undefined> | undefined,
  ): void {
    const before = this.#said.get(key) ?? new Map<AddressType, string>();
    const after = reasons && new Map([...reasons].map(([type, reason]) => [type, reason ?? ENABLED]));
    for (const [type, message] of after ?? wereEnabled(before))
      if (before.get(type) !== message) this.#record(service, type, message);
    if (after) this.#said.set(key, after);
    else this.#said.delete(key);
  }

  forget(key: string): void {
    this.#said.delete(key);
  }

  #record(service: Stored<Service>, addressType: AddressType, message: string): void {
    const isEnabled = message === ENABLED;
    this.#events.record(services, service, {
      type: isEnabled ? 'Normal' : 'Warning',
      reason: isEnabled ? 'TopologyAwareHintsEnabled' : 'TopologyAwareHintsDisabled',
      message: `${message}, addressType: ${addressType}`,
    });
  }
}

const wereEnabled = (said: ReadonlyMap<AddressType, string>): readonly (readonly [AddressType, string])[] =>
  [...said].flatMap(([type, message]) => (message === ENABLED ? [[type, DISABLED] as const] : []));
