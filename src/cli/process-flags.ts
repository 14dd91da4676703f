// Node's flags for the process of a cluster.

/**
 * Of each of its threads. V8 (Node 24) lets the space for new objects grow to 128 MB, half of a thread's memory here, and
 * stops the thread for 10 to 30 ms to clear it; this one is cleared in less than 1 ms. The old objects' space may grow by so
 * much before it is collected: by itself V8 lets it double and more.
 */
const HEAP = ['--max-semi-space-size=4', '--heap-growing-percent=40'] as const;

export const PROCESS_FLAGS: readonly string[] = [...HEAP, '--import', import.meta.resolve('../resolve.ts')];
