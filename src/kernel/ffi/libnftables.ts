// libnftables through koffi. A context holds the netlink socket that it opens when it is made, so it belongs for good
// to the network namespace in which its thread was then. Contexts are not thread-safe: one user each.
// Sources: nftables/libnftables.h and doc/libnftables.adoc of nftables 1.0.6.
import koffi from 'koffi';
import { KernelError } from '../kernel-error.ts';

/** libnftables.h, NFT_CTX_OUTPUT_*. */
export const OUTPUT_JSON = 1 << 4;
export const OUTPUT_TERSE = 1 << 11;

export type NftContext = { readonly handle: unknown };

const FILE = 'libnftables.so.1';

const bind = () => {
  const lib = load();
  return {
    create: lib.func('void *nft_ctx_new(uint32_t flags)'),
    free: lib.func('void nft_ctx_free(void *ctx)'),
    setOutputFlags: lib.func('void nft_ctx_output_set_flags(void *ctx, unsigned int flags)'),
    bufferOutput: lib.func('int nft_ctx_buffer_output(void *ctx)'),
    bufferError: lib.func('int nft_ctx_buffer_error(void *ctx)'),
    output: lib.func('const char *nft_ctx_get_output_buffer(void *ctx)'),
    error: lib.func('const char *nft_ctx_get_error_buffer(void *ctx)'),
    run: lib.func('int nft_run_cmd_from_buffer(void *ctx, const char *buffer)'),
  };
};

const load = (): ReturnType<typeof koffi.load> => {
  try {
    return koffi.load(FILE);
  } catch (error) {
    throw new KernelError('ENOENT', `load ${FILE}: not found: install the package libnftables1`, {
      cause: error,
    });
  }
};

let bound: ReturnType<typeof bind> | undefined;
/** Loaded at first use: most threads never speak nftables. */
const library = (): ReturnType<typeof bind> => (bound ??= bind());

/** A context whose output and errors are kept for readOutput and readError. */
export const createContext = (): NftContext => {
  const handle: unknown = library().create(0);
  if (!handle) throw new KernelError('ENOMEM', 'create nftables context: ENOMEM');
  library().bufferOutput(handle);
  library().bufferError(handle);
  return { handle };
};

export const freeContext = ({ handle }: NftContext): void => {
  library().free(handle);
};

export const setOutputFlags = ({ handle }: NftContext, flags: number): void => {
  library().setOutputFlags(handle, flags);
};

/** Runs the commands as one transaction; false if nothing of it was done. */
export const runCommands = ({ handle }: NftContext, commands: string): boolean =>
  library().run(handle, commands) === 0;

/** What the last run printed. */
export const readOutput = ({ handle }: NftContext): string => library().output(handle) as string;

/** Why the last run failed. */
export const readError = ({ handle }: NftContext): string => library().error(handle) as string;
