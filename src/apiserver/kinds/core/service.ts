import type { Service } from '../../../k8s/generated/types.ts';
import { services } from '../../../k8s/resources.ts';
import type { AllocateService } from '../../allocate/service-allocator.ts';
import { AGE, NAME, NONE, ageCell, labelsCell, nameCell, texts, wide } from '../../columns/columns.ts';
import { externalIpCell, portsCell } from '../../columns/service-cells.ts';
import { alignClusterIps, prepareServiceUpdate } from '../../defaults/service-update.ts';
import { defaultService } from '../../defaults/service.ts';
import type { Kind } from '../../kind.ts';
import { validateServiceUpdate } from '../../validation/service-ips.ts';
import { validateServiceStatus } from '../../validation/service-status.ts';
import { serviceWarnings } from '../../validation/service-warnings.ts';
import { validateService } from '../../validation/service.ts';
import { defineKind } from '../define-kind.ts';

/** The only kind that draws from the cluster's pools: cluster IPs and node ports. */
export const serviceKind = (allocate: AllocateService): Kind =>
  defineKind<Service>({
    resource: services,
    singular: 'service',
    shortNames: ['svc'],
    categories: ['all'],
    definition: 'io.k8s.api.core.v1.Service',
    nameRule: 'dns1123Label', // a name may begin with a digit (KEP-5311)
    subresources: ['status', 'proxy'],
    hasGeneration: false,
    columns: [NAME, ...texts('Type', 'Cluster-IP', 'External-IP', 'Port(s)'), AGE, ...wide('Selector')],
    row: (service, nowMs) => [
      nameCell(service),
      service.spec?.type ?? '',
      service.spec?.clusterIPs?.[0] || NONE,
      externalIpCell(service),
      portsCell(service.spec?.ports),
      ageCell(service, nowMs),
      labelsCell(service.spec?.selector),
    ],
    fields: {
      'spec.clusterIP': ({ spec }) => spec?.clusterIP ?? '',
      'spec.type': ({ spec }) => spec?.type ?? '',
    },
    applyDefaults: defaultService,
    prepareForCreate: (service) => {
      service.status = { loadBalancer: {} };
      alignClusterIps(service.spec!);
    },
    prepareForUpdate: (service, before) => {
      prepareServiceUpdate(service, before.spec!);
    },
    validate: validateService,
    validateUpdate: validateServiceUpdate,
    validateStatus: validateServiceStatus,
    warnings: serviceWarnings,
    allocate,
  });
