// OpenAPI v2 as protobuf, as little of it as clients need: kubectl asks for it when OpenAPI v3 does not know a kind; from a
// document without paths it learns that nobody does, and says so instead of "failed to download openapi".
import protobuf from 'protobufjs/minimal.js';
import { KUBERNETES_VERSION } from '../../k8s/version.ts';

/** What kubectl accepts (k8s.io/kube-openapi/pkg/handler/handler.go, as of 1.36). */
export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

const info = { title: 'Kubernetes', version: KUBERNETES_VERSION };

/** openapi.v2.Document of github.com/google/gnostic-models: swagger = 1, info = 2, paths = 8. All of it is ASCII. */
export const openApiV2Protobuf = (): string =>
  Buffer.from(
    protobuf.Writer.create()
      .uint32(tag(1))
      .string('2.0')
      .uint32(tag(2))
      .fork()
      .uint32(tag(1))
      .string(info.title)
      .uint32(tag(2))
      .string(info.version)
      .ldelim()
      .uint32(tag(8))
      .fork()
      .ldelim()
      .finish(),
  ).toString('latin1');

/** The key of a length-delimited field. */
const tag = (field: number): number => (field << 3) | 2;
