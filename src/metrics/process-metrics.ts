// The figures that every Prometheus client gives of its process. Threads of one process give the same.
import { readFileSync, readdirSync } from 'node:fs';
import type { Family } from './family.ts';
import { measured } from './gauge.ts';

export const processMetrics: readonly Family[] = [
  measured(
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Total user and system CPU time spent in seconds.',
    },
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  ),
  measured(
    { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Resident memory size in bytes.' },
    () => process.memoryUsage.rss(),
  ),
  measured(
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'Start time of the process since unix epoch in seconds.',
    },
    () => Math.round(Date.now() / 1000 - process.uptime()),
  ),
  measured(
    { name: 'process_open_fds', type: 'gauge', help: 'Number of open file descriptors.' },
    () => readdirSync('/proc/self/fd').length,
  ),
  measured({ name: 'process_max_fds', type: 'gauge', help: 'Maximum number of open file descriptors.' }, () =>
    Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 0),
  ),
  measured(
    {
      name: 'nodejs_heap_size_used_bytes',
      type: 'gauge',
      help: 'Heap in use by this thread of the process in bytes.',
    },
    () => process.memoryUsage().heapUsed,
  ),
];
