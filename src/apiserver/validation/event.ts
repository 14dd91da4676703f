// Rules for Events (kubernetes pkg/apis/core/validation/events.go).
import { invalid, required } from '../../k8s/field-errors.ts';
import type { Event } from '../../k8s/generated/types.ts';
import { type FieldErrors, when } from './compose.ts';
import { qualified } from './texts.ts';

const MISMATCH = 'does not match event.namespace';

/** Events of the newer kind have an eventTime, and more to say. */
export const validateEvent = (event: Event): FieldErrors =>
  event.eventTime ? [...newerNamespace(event), ...newerFields(event)] : olderNamespace(event);

/** An event about something without a namespace goes to `default`. */
const olderNamespace = ({ metadata, involvedObject }: Event): FieldErrors => {
  const [own, other] = [metadata.namespace ?? '', involvedObject.namespace ?? ''];
  const fits = other === '' ? own === '' || own === 'default' : own === other;
  return when(!fits, () => invalid('involvedObject.namespace', other, MISMATCH));
};

const newerNamespace = ({ metadata, involvedObject }: Event): FieldErrors =>
  when(
    !involvedObject.namespace && metadata.namespace !== 'default' && metadata.namespace !== 'kube-system',
    () => invalid('involvedObject.namespace', involvedObject.namespace ?? '', MISMATCH),
  );

const newerFields = (event: Event): FieldErrors => [
  ...when(!event.reportingComponent, () => required('reportingComponent')),
  ...qualified(event.reportingComponent ?? '', 'reportingComponent'),
  ...shortText(event.reportingInstance, 'reportingInstance', 128),
  ...shortText(event.action, 'action', 128),
  ...shortText(event.reason, 'reason', 128),
  ...atMost(event.message, 'message', 1024),
];

const shortText = (text: string | undefined, path: string, most: number): FieldErrors =>
  text ? atMost(text, path, most) : [required(path)];

const atMost = (text: string | undefined, path: string, most: number): FieldErrors =>
  when((text ?? '').length > most, () => invalid(path, '', `can have at most ${most} characters`));
