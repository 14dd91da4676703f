import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { silentLog } from '../../lang/log.ts';
import { openAuditLog } from './audit-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'podnet-test-audit-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('openAuditLog()', () => {
  it('appends a line an event to a file of its own', async () => {
    const path = join(folder, 'audit.log');
    for (const auditID of ['1', '2']) {
      const audit = openAuditLog(path, silentLog);
      audit.write({ auditID });
      await audit.close();
    }
    assert.equal(readFileSync(path, 'utf8'), '{"auditID":"1"}\n{"auditID":"2"}\n');
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('says once that the file cannot be written, and disturbs nobody', async () => {
    const failure = Promise.withResolvers<string>();
    const logged: string[] = [];
    const error = (_facts: object, message: string): void => {
      logged.push(message);
      failure.resolve(message);
    };
    const audit = openAuditLog(join(folder, 'no-such-folder', 'audit.log'), { ...silentLog, error });
    audit.write({ auditID: '1' });
    await failure.promise;
    await new Promise(setImmediate); // by now an error that nobody takes would have ended the test
    audit.write({ auditID: '2' });
    await audit.close();
    assert.deepEqual(logged, ['the audit log cannot be written']);
  });
});
