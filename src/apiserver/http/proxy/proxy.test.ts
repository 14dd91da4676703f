import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoints, Node, Pod, Service } from '../../../k8s/generated/types.ts';
import { answerHeaders, requestHeaders } from './headers.ts';
import { rewriteHtml, rewriteUrl } from './links.ts';
import { locateProxy } from './locate.ts';
import type { Lookup, Proxied } from './locate.ts';

const pod = (ip: string): Pod => ({
  spec: {
    containers: [
      { name: 'a', image: 'x' },
      { name: 'b', image: 'x', ports: [{ containerPort: 8080 }] },
    ],
  },
  status: { podIPs: [{ ip }] },
});
const service: Service = {
  metadata: { name: 'web' },
  spec: {
    ports: [
      { name: 'http', port: 80 },
      { name: 'metrics', port: 9090 },
    ],
  },
};
const endpoints: Endpoints = {
  subsets: [
    {
      addresses: [{ ip: '10.244.0.2' }, { ip: '10.244.0.3' }],
      notReadyAddresses: [{ ip: '10.244.0.9' }],
      ports: [{ name: 'http', port: 8080 }],
    },
  ],
};
const node: Node = { status: { addresses: [{ type: 'InternalIP', address: '172.30.0.11' }] } };

const lookup: Lookup = {
  pod: (name) => pod(name === 'local' ? '127.0.0.1' : name === 'six' ? 'fd00::5' : '10.244.0.5'),
  service: () => service,
  endpoints: () => endpoints,
  node: () => node,
  kubeletPort: 10_250,
  random: () => 0.9,
};
const located = (resource: Proxied, id: string): string => {
  try {
    const { transport, host, port } = locateProxy(resource, id, lookup);
    return `${transport} ${host} ${port}`;
  } catch (error) {
    return (error as Error).message;
  }
};

describe('locateProxy()', () => {
  it('a pod: its first declared port, or the one asked for', () => {
    assert.equal(located('pods', 'web'), 'http 10.244.0.5 8080');
    assert.equal(located('pods', 'web:81'), 'http 10.244.0.5 81');
    assert.equal(located('pods', 'https:web:'), 'https 10.244.0.5 8080');
    assert.equal(located('pods', 'six:80'), 'http fd00::5 80');
  });

  it('a Service: an endpoint that is ready, by the port’s name or number', () => {
    assert.equal(located('services', 'web:http'), 'http 10.244.0.3 8080');
    assert.equal(located('services', 'https:web:80'), 'https 10.244.0.3 8080');
    assert.equal(located('services', 'web:81'), 'no service port 81 found for service "web"');
    assert.equal(located('services', 'web:metrics'), 'no endpoints available for service "web"');
    assert.equal(located('services', 'web'), 'no endpoints available for service "web"');
  });

  it('a node: its kubelet, or another port of it', () => {
    assert.equal(located('nodes', 'node-1'), 'kubelet 172.30.0.11 10250');
    assert.equal(located('nodes', 'node-1:10250'), 'kubelet 172.30.0.11 10250');
    assert.equal(located('nodes', 'https:node-1:9100'), 'https 172.30.0.11 9100');
  });

  it('refuses other forms, and the API server’s own loopback', () => {
    assert.equal(located('pods', 'ftp:web:1'), 'invalid pod request "ftp:web:1"');
    assert.equal(located('services', 'a:b:c:d'), 'invalid service request "a:b:c:d"');
    assert.equal(located('nodes', ':1'), 'invalid node request ":1"');
    assert.equal(located('pods', 'local'), 'address not allowed');
    assert.match(located('pods', 'web:nonsense'), /^error trying to reach service: /);
  });
});

describe('the proxy’s headers and links', () => {
  const page = {
    prefix: '/api/v1/namespaces/d/pods/p/proxy',
    targetHosts: ['10.244.0.5', '10.244.0.5:80'],
    requestHost: 'localhost:8001',
  };

  it('credentials and headers of the connection stay here', () => {
    const headers = {
      ':authority': 'api:6443',
      authorization: 'Bearer secret',
      'impersonate-user': 'jane',
      connection: 'close, x-mine',
      'x-mine': '1',
      te: 'trailers',
      accept: '*/*',
    };
    assert.deepEqual(requestHeaders(headers, '/path'), {
      accept: '*/*',
      host: 'api:6443',
      'x-forwarded-uri': '/path',
    });
    const answer = ['Set-Cookie', 'a', 'Transfer-Encoding', 'chunked', 'set-cookie', 'b', 'Location', '/x'];
    assert.deepEqual(answerHeaders(answer, page), {
      'set-cookie': ['a', 'b'],
      location: [`${page.prefix}/x`],
    });
  });

  it('links to the target itself lead through the proxy, others stay', () => {
    const cases = {
      '/': `${page.prefix}/`,
      '/a?b#c': `${page.prefix}/a?b#c`,
      'http://10.244.0.5:80/a': `${page.prefix}/a`,
      'http://localhost:8001/a': `http://localhost:8001${page.prefix}/a`,
      [`${page.prefix}/a`]: `${page.prefix}/a`,
      'a/b': 'a/b',
      '#top': '#top',
      'https://example.org/a': 'https://example.org/a',
      '//example.org/a': '//example.org/a',
    };
    for (const [from, to] of Object.entries(cases)) assert.equal(rewriteUrl(from, page), to, from);
  });

  it('rewriteHtml() changes the URLs of tags only', () => {
    const html = `<a href="/x">href="/x"</a><img alt='/y' src='/y'><p title="/z">/w</p>`;
    assert.equal(
      rewriteHtml(html, page),
      `<a href="${page.prefix}/x">href="/x"</a><img alt='/y' src='${page.prefix}/y'><p title="/z">/w</p>`,
    );
  });
});
