import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { createFakeClient } from '../../../test/support/fake-client.ts';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { storedAs } from '../../../test/support/object-builders.ts';
import { createEventRecorder } from '../../client/event-recorder.ts';
import { startInformer } from '../../informer/informer.ts';
import { ApiError, failure } from '../../k8s/api-error.ts';
import type { CronJob, CronJobSpec, Job } from '../../k8s/generated/types.ts';
import { type Stored, keyOf } from '../../k8s/objects.ts';
import { cronJobs, events, jobs } from '../../k8s/resources.ts';
import { formatTime } from '../../k8s/time.ts';
import { silentLog } from '../../lang/log.ts';
import { workloadIndexes } from '../indexes.ts';
import { startCronJobController } from './controller.ts';

const running: { readonly stop: () => unknown }[] = [];
afterEach(() => Promise.all(running.splice(0).map((each) => each.stop())));

const MINUTE_MS = 60_000;
/** Of the fake clock's start, as minutes since the epoch: what names end with. */
const START = Date.parse('2026-01-01T00:00:00Z') / MINUTE_MS;

const start = (spec: Partial<CronJobSpec> = {}) => {
  const client = createFakeClient();
  const clock = createFakeClock();
  const common = { client, clock, log: silentLog };
  const informers = {
    cronJobs: startInformer({ ...common, resource: cronJobs }),
    jobs: startInformer({ ...common, resource: jobs, indexes: workloadIndexes.jobs }),
  };
  const recorder = createEventRecorder({ ...common, component: 'cronjob-controller' });
  running.push(
    startCronJobController({ ...common, ...informers, events: recorder }),
    ...Object.values(informers),
  );
  client.put(
    cronJobs,
    storedAs<CronJob>({
      metadata: { name: 'tick', namespace: 'ns', creationTimestamp: formatTime(clock.now()) },
      spec: {
        schedule: '*/10 * * * *',
        concurrencyPolicy: 'Allow',
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
        jobTemplate: {
          metadata: { labels: { app: 'tick' } },
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } },
        },
        ...spec,
      },
    }),
  );
  const cronJob = (): Stored<CronJob> => client.all(cronJobs)[0]!;
  const end = (job: Stored<Job>, type: 'Complete' | 'Failed'): void => {
    const now = formatTime(clock.now());
    const completionTime = type === 'Complete' ? { completionTime: now } : {};
    client.put(jobs, { ...job, status: { ...completionTime, conditions: [{ type, status: 'True' }] } });
  };
  return {
    client,
    cronJob,
    status: () => cronJob().status ?? {},
    minutes: (count: number) => clock.advance(count * MINUTE_MS),
    change: (changed: Partial<CronJobSpec>) =>
      client.put(cronJobs, { ...cronJob(), spec: { ...cronJob().spec!, ...changed } }),
    /** Minutes since the start, as the names of the Jobs say. */
    starts: () => client.all(jobs).map(({ metadata }) => Number(metadata.name.split('-').at(-1)) - START),
    endAll: (type: 'Complete' | 'Failed') => {
      for (const job of client.all(jobs)) if (!job.status?.conditions) end(job, type);
    },
    events: () => client.all(events).map(({ reason, message }) => `${reason}: ${message}`),
  };
};

describe('a CronJob', () => {
  it('makes a Job at each time of its schedule', async () => {
    const lab = start();
    await lab.minutes(9);
    assert.deepEqual(lab.starts(), []);
    await lab.minutes(12);
    assert.deepEqual(lab.starts(), [10, 20]);
    const [job] = lab.client.all(jobs);
    assert.equal(job?.metadata.name, `tick-${START + 10}`);
    assert.deepEqual(job?.metadata.labels, { app: 'tick' });
    assert.equal(
      job?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'],
      '2026-01-01T00:10:00Z',
    );
    assert.equal(job?.metadata.ownerReferences?.[0]?.uid, lab.cronJob().metadata.uid);
    assert.equal(lab.status().lastScheduleTime, '2026-01-01T00:20:00Z');
    assert.deepEqual(
      lab.status().active?.map(({ name }) => name),
      [`tick-${START + 10}`, `tick-${START + 20}`],
    );
    assert.ok(lab.events().includes(`SuccessfulCreate: Created job tick-${START + 10}`));
  });

  it('follows the clocks of its time zone', async () => {
    const lab = start({ schedule: '30 5 * * *', timeZone: 'Asia/Kolkata' });
    await lab.minutes(2);
    assert.deepEqual(lab.starts(), []);
    await lab.minutes(24 * 60);
    assert.deepEqual(lab.starts(), [24 * 60]);
    const [job] = lab.client.all(jobs);
    assert.match(JSON.stringify(job?.metadata.annotations), /2026-01-02T05:30:00\+05:30/);
  });

  it('sees its Jobs end, and keeps only the last ones', async () => {
    const lab = start({ successfulJobsHistoryLimit: 2 });
    for (let round = 0; round < 4; round++) {
      await lab.minutes(10.1);
      lab.endAll('Complete');
      await lab.minutes(1 / 6);
    }
    assert.deepEqual(lab.starts(), [30, 40]);
    assert.deepEqual(lab.status().active ?? [], []);
    assert.match(lab.status().lastSuccessfulTime ?? '', /^2026-01-01T00:4\d/);
    assert.ok(
      lab.events().includes(`SawCompletedJob: Saw completed job: tick-${START + 10}, condition: Complete`),
    );
    assert.ok(lab.events().includes(`SuccessfulDelete: Deleted job tick-${START + 10}`));
  });

  it('keeps failed Jobs by their own limit', async () => {
    const lab = start();
    for (let round = 0; round < 3; round++) {
      await lab.minutes(10.1);
      lab.endAll('Failed');
      await lab.minutes(1 / 6);
    }
    assert.deepEqual(lab.starts(), [30]);
    assert.equal(lab.status().lastSuccessfulTime, undefined);
  });

  it('Forbid waits for the Job that runs', async () => {
    const lab = start({ concurrencyPolicy: 'Forbid' });
    await lab.minutes(25);
    assert.deepEqual(lab.starts(), [10]);
    assert.ok(lab.events().some((event) => event.startsWith('JobAlreadyActive: ')));
    lab.endAll('Complete');
    await lab.minutes(1);
    assert.deepEqual(lab.starts(), [10, 20], 'the missed one is made up for');
  });

  it('Replace ends the Job that runs', async () => {
    const lab = start({ concurrencyPolicy: 'Replace' });
    await lab.minutes(21);
    assert.deepEqual(lab.starts(), [20]);
    assert.deepEqual(
      lab.status().active?.map(({ name }) => name),
      [`tick-${START + 20}`],
    );
  });

  it('does nothing while suspended, and then makes up for the last start only', async () => {
    const lab = start({ suspend: true });
    await lab.minutes(45);
    assert.deepEqual(lab.starts(), []);
    lab.change({ suspend: false });
    await lab.minutes(1);
    assert.deepEqual(lab.starts(), [40]);
  });

  it('is too late after startingDeadlineSeconds', async () => {
    const lab = start({ suspend: true, startingDeadlineSeconds: 120 });
    await lab.minutes(45);
    lab.change({ suspend: false });
    await lab.minutes(1);
    assert.deepEqual(lab.starts(), []);
    await lab.minutes(5);
    assert.deepEqual(lab.starts(), [50]);
  });

  it('warns of more than 100 missed starts, and makes the last one', async () => {
    const lab = start({ schedule: '* * * * *', suspend: true });
    await lab.minutes(500.5);
    lab.change({ suspend: false });
    await lab.minutes(0.1);
    assert.deepEqual(lab.starts(), [500]);
    assert.ok(lab.events().some((event) => event.startsWith('TooManyMissedTimes: ')));
  });

  it('does not make a Job twice when its status could not be written', async () => {
    const lab = start();
    lab.client.failNext('updateStatus', new ApiError(failure(409, 'Conflict', 'try again')));
    await lab.minutes(15);
    assert.deepEqual(lab.starts(), [10]);
    assert.equal(lab.status().lastScheduleTime, '2026-01-01T00:10:00Z');
    assert.equal(lab.status().active?.length, 1);
  });

  it('forgets a Job that somebody deletes, and tells of one that it did not make', async () => {
    const lab = start();
    await lab.minutes(11);
    const [job] = lab.client.all(jobs);
    lab.client.remove(jobs, keyOf(job!));
    lab.client.put(
      jobs,
      storedAs<Job>({
        metadata: { ...job!.metadata, name: 'by-hand', uid: 'by-hand', resourceVersion: '' },
        spec: job!.spec!,
      }),
    );
    await lab.minutes(1);
    assert.ok(lab.events().includes(`MissingJob: Active job went missing: tick-${START + 10}`));
    assert.ok(
      lab.events().includes('UnexpectedJob: Saw a job that the controller did not create or forgot: by-hand'),
    );
    assert.deepEqual(lab.status().active ?? [], []);
  });

  it('says why a schedule cannot be followed', async () => {
    const never = start({ schedule: '0 0 31 2 *' });
    await never.minutes(1);
    assert.deepEqual(never.events(), ['InvalidSchedule: invalid schedule: 0 0 31 2 * : it is never due']);
    const odd = start({ schedule: 'soon' });
    await odd.minutes(1);
    assert.match(
      odd.events().join(),
      /^UnparseableSchedule: unparseable schedule: "soon" : expected exactly 5/,
    );
    const lost = start({ timeZone: 'Mars/Base' });
    await lost.minutes(30);
    assert.match(lost.events().join(), /^UnknownTimeZone: invalid timeZone: "Mars\/Base"/);
    assert.deepEqual(lost.starts(), []);
  });
});
