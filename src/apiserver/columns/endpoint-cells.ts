// ENDPOINTS of Endpoints, PORTS and ENDPOINTS of EndpointSlices (kubernetes pkg/printers/internalversion/printers.go).
import { hostPort } from '../../ip/host-port.ts';
import type { EndpointSlice, EndpointSubset, Endpoints } from '../../k8s/generated/types.ts';
import { NONE, shortList } from './columns.ts';

export const endpointsCell = ({ subsets }: Endpoints): string =>
  subsets?.length ? shortList(subsets.flatMap(subsetTexts)) : NONE;

const subsetTexts = ({ addresses = [], ports = [] }: EndpointSubset): string[] =>
  ports.length === 0
    ? addresses.map(({ ip }) => ip)
    : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port)));

export const slicePortsCell = ({ ports }: EndpointSlice): string =>
  shortList((ports ?? []).map(({ port, name }) => (port === undefined ? (name ?? '*') : String(port)))) ||
  '<unset>';

export const sliceEndpointsCell = ({ endpoints }: EndpointSlice): string =>
  shortList((endpoints ?? []).flatMap(({ addresses }) => addresses)) || '<unset>';
