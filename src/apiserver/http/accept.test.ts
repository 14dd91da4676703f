import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { negotiate, negotiateDiscovery, plainEncoding } from './accept.ts';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

describe('negotiate()', () => {
  const negotiated = (accept: string | undefined): string => {
    const { encoding, form } = negotiate(accept);
    return form.as === 'object' ? encoding : `${encoding} ${form.as} ${form.version}`;
  };

  it('takes the first clause that it can serve, by q', () => {
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    assert.equal(
      negotiated(`${table},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`),
      'json Table v1',
    );
    assert.equal(negotiated('application/json;as=Table;v=v2;g=meta.k8s.io,application/json'), 'json');
    assert.equal(negotiated('application/json;q=0.1, application/yaml'), 'yaml');
    assert.equal(negotiated(`${PROTOBUF}, application/json`), 'protobuf');
    assert.equal(
      negotiated('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'),
      'json PartialObjectMetadata v1',
    );
  });

  it('gives JSON to those who do not care, and 406 to those who want something else', () => {
    for (const accept of [undefined, '', '*/*', 'application/*', 'text/html, */*;q=0.1'])
      assert.equal(negotiated(accept), 'json');
    for (const accept of [
      'text/html',
      'application/json;q=0',
      'application/json;as=Other;g=meta.k8s.io;v=v1',
    ])
      assert.throws(() => negotiate(accept), /only the following media types are accepted/);
  });
});

describe('negotiate() of protobuf', () => {
  const as = (kind: string): string => `${PROTOBUF};as=${kind};g=meta.k8s.io;v=v1`;

  it('has no Tables, and no custom resources but their metadata', () => {
    const custom = { hasMessages: false };
    assert.equal(negotiate(`${as('Table')}, application/json`).encoding, 'json');
    assert.equal(negotiate(`${PROTOBUF}, application/json`, custom).encoding, 'json');
    assert.deepEqual(negotiate(as('PartialObjectMetadata'), custom), {
      encoding: 'protobuf',
      form: { as: 'PartialObjectMetadata', version: 'v1' },
    });
    assert.throws(() => negotiate(PROTOBUF, custom), /are accepted: .*application\/vnd.kubernetes.protobuf/);
  });

  it('streams watches in it, and in nothing but JSON besides', () => {
    const stream = { isStream: true };
    for (const accept of [PROTOBUF, `${PROTOBUF};stream=watch`, `application/yaml, ${PROTOBUF}`])
      assert.equal(negotiate(accept, stream).encoding, 'protobuf');
    assert.throws(
      () => negotiate('application/yaml', stream),
      /accepted: application\/json;stream=watch, application\/vnd.kubernetes.protobuf;stream=watch$/,
    );
    assert.throws(() => negotiate(`${PROTOBUF};stream=other`), /only the following/);
  });

  it('writes a Status in it for those who would have taken an object in it', () => {
    assert.equal(plainEncoding(`${PROTOBUF}, application/json`), 'protobuf');
    for (const accept of [undefined, 'text/html', `${as('Table')}, application/json`, 'application/yaml'])
      assert.equal(plainEncoding(accept), 'json');
  });
});

describe('negotiateDiscovery()', () => {
  it('knows aggregated discovery from the plain documents', () => {
    const clause = (v: string) => `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`;
    assert.equal(negotiateDiscovery(`${clause('v2')},${clause('v2beta1')},application/json`), 'v2');
    assert.equal(negotiateDiscovery(`${clause('v3')},${clause('v2beta1')}`), 'v2beta1');
    assert.equal(negotiateDiscovery('application/json, */*'), 'json');
    assert.equal(negotiateDiscovery(undefined), 'json');
    assert.equal(negotiateDiscovery(`${PROTOBUF}, */*`), 'protobuf');
  });
});
