// Expressions that hold, by topic; expressions that err; expressions that do not compile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile } from './compile.ts';
import { environment } from './environment.ts';
import { AUTHORIZER_FUNCTIONS as AUTHORIZERS } from './functions/authorizer.ts';
import { LIBRARY } from './functions/library.ts';
import { declarationOf } from './schema/declaration.ts';
import { typedValue, untypedValue } from './schema/json-value.ts';
import type { Schema } from './schema/schema.ts';
import { DYN } from './types/type.ts';

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    count: { type: 'integer' },
    ratio: { type: 'number' },
    port: { 'x-kubernetes-int-or-string': true },
    wait: { type: 'string', format: 'duration' },
    at: { type: 'string', format: 'date-time' },
    blob: { type: 'string', format: 'byte' },
    gone: { type: 'string', nullable: true },
    'x-y.z/w': { type: 'string' },
    namespace: { type: 'string' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: { type: 'object', properties: { name: { type: 'string' }, number: { type: 'integer' } } },
    },
  },
};

const OBJECT = {
  metadata: { name: 'web' },
  name: 'añ😀',
  count: 3,
  ratio: 2,
  port: 80,
  wait: '1h30m',
  at: '2024-02-29T12:30:45.5Z',
  blob: 'aGk=',
  gone: null,
  'x-y.z/w': 'escaped',
  namespace: 'keyword',
  labels: { app: 'web', tier: '' },
  set: ['b', 'a'],
  ports: [
    { name: 'http', number: 80 },
    { name: 'https', number: 443 },
  ],
};

const ENVIRONMENT = environment({ self: declarationOf(SCHEMA, 'selfType', true)!, any: DYN });
const BOUND = {
  self: typedValue(
    { ...OBJECT },
    {
      ...SCHEMA,
      properties: {
        ...SCHEMA.properties,
        metadata: { type: 'object', properties: { name: { type: 'string' } } },
      },
    },
  ),
  any: untypedValue(OBJECT),
};

const evaluate = (source: string): unknown => {
  const compiled = compile(source, ENVIRONMENT);
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.error);
  const result = compiled.program.evaluate(BOUND);
  return result.ok ? result.value : `error: ${result.error}`;
};

const HOLDS: Readonly<Record<string, readonly string[]>> = {
  'data under a schema': [
    'self.count + 1 == 4',
    'self.ratio == 2.0',
    'type(self.port) == int && self.port == 80',
    'type(self.port) == string ? false : int(self.port) < 100',
    'self.wait == duration("90m") && self.wait.getMinutes() == 90',
    'self.at > timestamp("2024-01-01T00:00:00Z") && self.at.getMilliseconds() == 500',
    'self.blob == b"hi"',
    '!has(self.gone)',
    'self.x__dash__y__dot__z__slash__w == "escaped"',
    'self.__namespace__ == "keyword"',
    'self.metadata.name == "web"',
    'has(self.labels.app) && !has(self.labels.none) && self.labels["app"] == "web"',
    '"tier" in self.labels && size(self.labels) == 2 && self.labels.all(k, k.size() > 2)',
    'self.set == ["a", "b"] && self.set + ["b", "c"] == ["c", "b", "a"]',
    'self.ports == [self.ports[1], self.ports[0]]',
    '(self.ports + self.ports).size() == 2',
    'has(self.ports[0].name)',
  ],
  'data without one': [
    'any.count + 1 == 4 && any.ratio == 2 && any.ratio == 2.0',
    'any.ports.exists(p, p.number == 443)',
    'any.set != ["a", "b"]',
    'any.gone == null',
    'any.labels.exists(k, any.labels[k] == "")',
    '"app" in any.labels',
    'any["x-y.z/w"] == "escaped"',
  ],
  macros: [
    '[1, 2, 3].all(x, x > 0) && ![1, 2].all(x, x > 1) && [].all(x, false)',
    '[1, 2].exists(x, x == 2) && ![].exists(x, true)',
    '[1, 2, 2].exists_one(x, x == 1) && ![1, 2, 2].exists_one(x, x == 2)',
    '[1, 2, 3].map(x, x * 2) == [2, 4, 6] && [1, 2, 3].map(x, x > 1, x * 2) == [4, 6]',
    '[1, 2, 3].filter(x, x % 2 == 1) == [1, 3]',
    '{"a": 1, "b": 2}.map(k, k).sort() == ["a", "b"]',
    '[3, 1].all(i, v, i < 2 && v > 0) && {"a": 1}.exists(k, v, k == "a" && v == 1)',
    '[1, 2].existsOne(i, v, v == 2)',
    '["a", "b"].transformList(i, v, v + string(i)) == ["a0", "b1"]',
    '[1, 2].transformList(i, v, i > 0, v) == [2]',
    '{"a": 1, "b": 2}.transformMap(k, v, v > 1, v * 10) == {"b": 20}',
    '{"a": "x"}.transformMapEntry(k, v, {v: k}) == {"x": "a"}',
    '[1, 2].map(x, [3, 4].map(y, x * y)) == [[3, 4], [6, 8]]',
    '[[1], [2]].all(x, x.all(y, [x].exists(x, x[0] == y)))',
  ],
  'errors give way': [
    'true || 1 / 0 == 1',
    '1 / 0 == 1 || true',
    '!(1 / 0 == 1 && false)',
    '[1, 0, 2].exists(x, 10 / x == 5)',
    '![1, 0, 20].all(x, 10 / x > 1)',
  ],
  optionals: [
    'optional.unwrap([optional.of(1), optional.none()]) == [1]',
    'self.?gone.orValue("none") == "none" && self.?name.hasValue()',
    'self.labels[?"none"].orValue("x") == "x" && self.set[?5] == optional.none()',
    'self.?labels.?app.value() == "web" && self.?labels.app.value() == "web"',
    'optional.of(2).optMap(x, x + 1).value() == 3 && !optional.none().optMap(x, 1).hasValue()',
    'optional.of(2).optFlatMap(x, optional.of(x * 2)).value() == 4',
    'optional.none().or(optional.of(1)).value() == 1 && !optional.ofNonZeroValue("").hasValue()',
    '[optional.of(1), optional.none()].unwrapOpt() == [1]',
    '[1, 2].first().value() == 1 && [1, 2].last().value() == 2 && ![].first().hasValue()',
    'optional.of(1) == optional.of(1) && optional.of(1) != optional.none()',
  ],
  arithmetic: [
    '-7 / 2 == -3 && -7 % 2 == -1 && 7u / 2u == 3u',
    '-9223372036854775808 < 9223372036854775807',
    '1 < 1.5 && 2u > 1 && 3.0 >= 3 && dyn(1) == 1u && dyn(1.0) == 1',
    'int(1.9) == 1 && int("-5") == -5 && uint("7") == 7u && double("1e3") == 1000.0',
    'string(1.5) == "1.5" && string(1e30) == "1e+30" && string(-3) == "-3" && string(true) == "true"',
    'bool("true") && !bool("F") && int(timestamp("1970-01-01T00:01:00Z")) == 60',
    '"a" < "b" && b"a" < b"b" && false < true && "\\uffff" < "\\U00010000"',
    '[1, 2] + [3] == [1, 2, 3] && "a" + "b" == "ab" && b"a" + b"b" == b"ab"',
    '2 in [1, 2] && !("c" in ["a"]) && 1 in {1: "x"}',
    '{1: "a"}[1] == "a" && {"a": {"b": 2}}.a.b == 2',
    'type(1) == int && type("") == string && type(type(1)) == type && type([]) == list && type(null) == null_type',
  ],
  times: [
    'self.at.getFullYear() == 2024 && self.at.getSeconds() == 45',
    'timestamp("2024-01-01T00:00:00Z") + duration("1h") == timestamp("2024-01-01T01:00:00Z")',
    'timestamp("2024-01-02T00:00:00Z") - timestamp("2024-01-01T00:00:00Z") == duration("24h")',
    'timestamp("2024-03-10T00:00:00Z").getDayOfWeek() == 0 && timestamp("2024-03-10T00:00:00Z").getMonth() == 2',
    'timestamp("2024-03-10T00:00:00Z").getDate() == 10 && timestamp("2024-03-10T00:00:00Z").getDayOfMonth() == 9',
    'timestamp("2024-12-31T00:00:00Z").getDayOfYear() == 365',
    'timestamp("2024-06-01T00:00:00Z").getHours("Europe/Berlin") == 2 && timestamp("2024-06-01T00:00:00Z").getHours("-02:30") == 21',
    'string(timestamp("2024-06-01T00:00:00.10+02:00")) == "2024-05-31T22:00:00.1Z" && string(duration("1h0.5s")) == "3600.5s"',
    'type(timestamp(0)) == google.protobuf.Timestamp && duration("1500ms").getMilliseconds() == 500',
  ],
  strings: [
    'bytes("hi") == self.blob',
    'self.name.size() == 3 && self.name.charAt(2) == "😀" && self.name.charAt(3) == ""',
    'self.name.substring(1) == "ñ😀" && self.name.substring(1, 2) == "ñ" && self.name.indexOf("😀") == 2',
    '"hello".indexOf("l") == 2 && "hello".indexOf("l", 3) == 3 && "hello".indexOf("") == 0 && "hello".indexOf("x") == -1',
    '"hello".lastIndexOf("l") == 3 && "hello".lastIndexOf("l", 2) == 2 && "hello".lastIndexOf("") == 5',
    '"Añ".lowerAscii() == "añ" && "añ".upperAscii() == "Añ" && " x\\t".trim() == "x"',
    '"a,b,c".split(",") == ["a", "b", "c"] && "a,b,c".split(",", 2) == ["a", "b,c"] && "abc".split("") == ["a", "b", "c"]',
    '"a,b".split(",", 0) == [] && "a.b.c".replace(".", "-") == "a-b-c" && "a.b.c".replace(".", "$&", 1) == "a$&b.c"',
    '["a", "b"].join() == "ab" && ["a", "b"].join("-") == "a-b" && strings.quote("a\\"\\n") == "\\"a\\\\\\"\\\\n\\""',
    '"hello".startsWith("he") && "hello".endsWith("lo") && "hello".contains("ell")',
    '"abc".matches("^a.c$") && "ABC".matches("(?i)abc") && matches("xabcx", "abc")',
    '"a1b22".find("[0-9]+") == "1" && "a1b22".findAll("[0-9]+") == ["1", "22"] && "a1b22".findAll("[0-9]+", 1) == ["1"] && "a".find("b") == ""',
    '"%s %d %.2f %x %b %o %e%%".format(["a", 5, 1.5, 255, 5, 8, 1234.5]) == "a 5 1.50 ff 101 10 1.234500×10⁰³%"',
    '"%s %s %s".format([[1, 2], {"k": "v"}, duration("1m")]) == "[1, 2] {\\"k\\":\\"v\\"} 60s"',
    'r"\\d" == "\\\\d" && """a"b""" == "a\\"b" && "\\u00e9" == "é"',
  ],
  lists: [
    '[1, 2, 2].isSorted() && !["b", "a"].isSorted() && [1, 2].sum() == 3 && [].sum() == 0 && [1.5, 1.5].sum() == 3.0',
    '[duration("1m"), duration("2m")].sum() == duration("3m") && [3, 1].min() == 1 && ["a", "b"].max() == "b"',
    '[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && [1].indexOf(5) == -1',
    '[1, 2, 3, 4].slice(1, 3) == [2, 3] && [[1], [2, 3]].flatten() == [1, 2, 3] && [1, 1, 2].distinct() == [1, 2]',
    '[3, 1, 2].sort() == [1, 2, 3] && ["bb", "a"].sortBy(x, x.size()) == ["a", "bb"] && [1, 2].reverse() == [2, 1]',
    'lists.range(3) == [0, 1, 2]',
    'sets.contains([1, 2], [2]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 2, 2], [2, 1]) && !sets.contains([1], [2])',
    'dyn([1, 2]).includes(2) && ![1].includes(3)',
  ],
  network: [
    'isIP("10.0.0.1") && isIP("::1") && !isIP("10.0.0.01") && !isIP("::ffff:10.0.0.1") && !isIP("fe80::1%eth0")',
    'ip("10.0.0.1").family() == 4 && ip("::1").family() == 6 && ip("::1") == ip("0::1")',
    'ip.isCanonical("::1") && !ip.isCanonical("0::1") && string(ip("0::1")) == "::1"',
    'ip("127.0.0.1").isLoopback() && ip("::1").isLoopback() && ip("0.0.0.0").isUnspecified() && ip("::").isUnspecified()',
    'ip("169.254.1.1").isLinkLocalUnicast() && ip("fe80::1").isLinkLocalUnicast() && ip("224.0.0.1").isLinkLocalMulticast() && ip("ff02::1").isLinkLocalMulticast()',
    'ip("192.168.0.1").isGlobalUnicast() && !ip("255.255.255.255").isGlobalUnicast() && !ip("ff02::1").isGlobalUnicast()',
    'isCIDR("10.0.0.1/8") && !isCIDR("10.0.0.0/33") && !isCIDR("10.0.0.0")',
    'cidr("10.0.0.0/8").containsIP("10.1.1.1") && cidr("10.0.0.0/8").containsIP(ip("10.1.1.1")) && !cidr("10.0.0.0/8").containsIP("11.0.0.1")',
    'cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16") && cidr("10.0.0.0/8").containsCIDR(cidr("10.0.0.0/8")) && !cidr("10.0.0.0/16").containsCIDR("10.0.0.0/8")',
    'cidr("10.1.2.3/8").masked() == cidr("10.0.0.0/8") && cidr("10.1.2.3/8").ip() == ip("10.1.2.3") && cidr("::/0").prefixLength() == 0 && string(cidr("10.0.0.1/8")) == "10.0.0.1/8"',
    'type(ip("::1")) == net.IP && type(cidr("::/0")) == net.CIDR',
  ],
  urls: [
    'isURL("https://example.com:80/a?b=c") && isURL("/path") && !isURL("example.com") && !isURL("../x") && !isURL("")',
    'url("https://user@example.com:80/a%20b?x=1&x=2&y=3").getScheme() == "https"',
    'url("https://example.com:80/").getHost() == "example.com:80" && url("https://[::1]:80/").getHostname() == "::1" && url("https://a/").getPort() == ""',
    'url("https://a/with space/").getEscapedPath() == "/with%20space/" && url("https://a").getEscapedPath() == ""',
    'url("https://a/?x=1&x=2&y=3").getQuery() == {"x": ["1", "2"], "y": ["3"]}',
    'url("https://a/") == url("https://a/") && url("https://a/") != url("https://b/")',
  ],
  quantities: [
    'isQuantity("1.5Gi") && !isQuantity("1.5Gx") && quantity("1Gi").isGreaterThan(quantity("1G"))',
    'quantity("500m").add(quantity("0.5")) == quantity("1") && quantity("2").sub(1) == quantity("1") && quantity("1").add(1).compareTo(quantity("3")) == -1',
    'sign(quantity("-5")) == -1 && quantity("50k").asInteger() == 50000 && quantity("50k").isInteger() && !quantity("50m").isInteger() && quantity("500m").asApproximateFloat() == 0.5',
    'quantity("1Ki") == quantity("1024") && quantity("200M").isLessThan(quantity("1G"))',
  ],
  versions: [
    'isSemver("1.2.3-rc.1+build") && !isSemver("1.2") && !isSemver("v1.2.3") && isSemver("v01.2", true) && !isSemver("01.2.3")',
    'semver("1.2.3").isLessThan(semver("1.10.0")) && semver("1.0.0").isGreaterThan(semver("1.0.0-rc.2")) && semver("1.0.0-rc.10").compareTo(semver("1.0.0-rc.2")) == 1',
    'semver("1.2.3").major() == 1 && semver("1.2.3").minor() == 2 && semver("1.2.3").patch() == 3 && semver("v1", true) == semver("1.0.0")',
    'semver("1.0.0+a") == semver("1.0.0+b") && semver("1.0.0-alpha") == semver("1.0.0-alpha") && semver("1.0.0-1").isLessThan(semver("1.0.0-a"))',
  ],
  formats: [
    '!format.dns1123Label().validate("web-1").hasValue() && format.dns1123Label().validate("Web").hasValue()',
    '!format.dns1123Subdomain().validate("a.b").hasValue() && format.dns1035Label().validate("1a").hasValue()',
    '!format.dns1123LabelPrefix().validate("web-").hasValue() && !format.qualifiedName().validate("a.b/c").hasValue() && !format.labelValue().validate("").hasValue()',
    '!format.uuid().validate("123e4567-e89b-12d3-a456-426614174000").hasValue() && format.byte().validate("*").hasValue()',
    '!format.date().validate("2024-02-29").hasValue() && format.date().validate("2023-02-29").hasValue() && !format.datetime().validate("2024-01-01T00:00:00Z").hasValue()',
    '!format.uri().validate("https://a/b").hasValue() && format.uri().validate("a b").hasValue()',
    'format.named("dns1123Label").value() == format.dns1123Label() && !format.named("nothing").hasValue()',
  ],
};

describe('compile() and evaluate', () => {
  it('has an expression for each function of the library; those of authorizers have their own test', () => {
    const all = Object.values(HOLDS).flat().join('\n');
    const names = [...LIBRARY]
      .filter(([, [first]]) => !AUTHORIZERS.includes(first!))
      .map(([name]) => name)
      .filter((name) => /^[a-zA-Z.]+$/.test(name));
    assert.deepEqual(
      names.filter((name) => !new RegExp(`\\b${name}\\(`).test(all)),
      [],
    );
  });

  for (const [topic, expressions] of Object.entries(HOLDS)) {
    for (const source of expressions) {
      it(`${topic}: ${source}`, () => assert.equal(evaluate(source), true));
    }
  }
});

const ERRS: readonly (readonly [string, string])[] = [
  ['1 / 0 == 1', 'division by zero'],
  ['1 % 0 == 1', 'modulus by zero'],
  ['9223372036854775807 + 1 > 0', 'integer overflow'],
  ['0u - 1u == 0u', 'unsigned integer overflow'],
  ['int(1e30) == 0', 'integer overflow'],
  ['self.ports[5].name == ""', 'index out of bounds: 5'],
  ['self.labels["none"] == ""', 'no such key: none'],
  ['self.gone == ""', 'no such key: gone'],
  ['self.port == 80 && self.port.startsWith("8")', 'no such overload: startsWith(int, string)'],
  ['any.count + "a" == ""', 'no such overload'],
  ['any.count', ''],
  ['optional.none().value() == 1', 'optional.none() dereference'],
  [
    'ip("10.0.0.256").family() == 4',
    'IP Address "10.0.0.256" parse error during conversion from string: ParseAddr("10.0.0.256"): unable to parse IP',
  ],
  ['[].min() == 1', 'min called on empty list'],
  ['"abc".charAt(4) == ""', 'index out of range: 4'],
  ['"abc".substring(2, 1) == ""', 'invalid substring range. start: 2, end: 1'],
  ['"a".matches(self.name + "(")', 'error parsing regexp: missing closing ): `añ😀(`'],
  ['quantity("1.1").asInteger() == 1', 'cannot convert value to integer'],
  ['[1, 2].all(x, x / 0 == 1)', 'division by zero'],
  [
    'timestamp(self.name) > timestamp(0)',
    "type conversion error from 'string' to 'google.protobuf.Timestamp': \"añ😀\"",
  ],
];

describe('an evaluation that has no value', () => {
  for (const [source, error] of ERRS.filter(([, text]) => text !== '')) {
    it(`${source}: ${error}`, () => assert.equal(evaluate(source), `error: ${error}`));
  }
});

const REFUSED: readonly (readonly [string, string])[] = [
  ['self.foo', "ERROR: <input>:1:5: undefined field 'foo'\n | self.foo\n | ....^"],
  [
    'self.count + "a"',
    "ERROR: <input>:1:12: found no matching overload for '_+_' applied to '(int, string)'\n | self.count + \"a\"\n | ...........^",
  ],
  ['other.x', "ERROR: <input>:1:1: undeclared reference to 'other' (in container '')\n | other.x\n | ^"],
  [
    'self.count.x',
    "ERROR: <input>:1:11: type 'int' does not support field selection\n | self.count.x\n | ..........^",
  ],
  [
    'self.name.nope()',
    "ERROR: <input>:1:15: undeclared reference to 'nope' (in container '')\n | self.name.nope()\n | ..............^",
  ],
  [
    'self.name.size(1)',
    "ERROR: <input>:1:15: found no matching overload for 'size' applied to 'string.(int)'\n | self.name.size(1)\n | ..............^",
  ],
  [
    'self.count && true',
    "ERROR: <input>:1:5: expected type 'bool' but found 'int'\n | self.count && true\n | ....^",
  ],
  [
    'self.count.all(x, true)',
    "ERROR: <input>:1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n | self.count.all(x, true)\n | ....^",
  ],
  [
    'self.set.all(1, true)',
    'ERROR: <input>:1:14: argument must be a simple name\n | self.set.all(1, true)\n | .............^',
  ],
  ['has(self)', 'ERROR: <input>:1:5: invalid argument to has() macro\n | has(self)\n | ....^'],
  [
    '[1, "a"] == []',
    "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, \"a\"] == []\n | ....^",
  ],
  ['true &&\n  self.foo', "ERROR: <input>:2:7: undefined field 'foo'\n |   self.foo\n | ......^"],
  ['"é" == self.foo', 'ERROR: <input>:1:12: undefined field \'foo\'\n | "é" == self.foo\n | .．.........^'],
  [
    '"a".matches("(")',
    'ERROR: <input>:1:13: invalid matches argument\n | "a".matches("(")\n | ............^',
  ],
  [
    'duration("x") == duration("1s")',
    'ERROR: <input>:1:10: invalid duration argument\n | duration("x") == duration("1s")\n | .........^',
  ],
  ['9223372036854775808', 'ERROR: <input>:1:1: invalid int literal\n | 9223372036854775808\n | ^'],
  ['true &&', 'ERROR: <input>:1:8: Syntax error: Unexpected token: EOF\n | true &&\n | .......^'],
  [
    'cel.bind(x, 1, x)',
    "ERROR: <input>:1:1: undeclared reference to 'cel' (in container '')\n | cel.bind(x, 1, x)\n | ^",
  ],
];

describe('an expression that does not compile', () => {
  for (const [source, error] of REFUSED) {
    it(`${source}`, () => {
      const compiled = compile(source, ENVIRONMENT);
      assert.ok(!compiled.ok);
      assert.equal(compiled.error.split('\nERROR')[0], error);
    });
  }
});
