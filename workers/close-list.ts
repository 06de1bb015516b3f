/** The functions that a targets module registers to be called when its host ends. */

/** The list behind `host.onClose`: run last in, first out; one that throws does not keep the others from running. */
export function closeList(): { readonly add: (close: () => unknown) => void; readonly run: () => Promise<void> } {
  const closings: (() => unknown)[] = [];
  return {
    add: (close) => void closings.push(close),
    async run() {
      const errors: unknown[] = [];
      for (let close = closings.pop(); close !== undefined; close = closings.pop()) {
        try {
          // One after the other: a function may still use what an earlier registration opened.
          await close();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0)
        throw new AggregateError(errors, `coalescer: ${errors.length} of the targets module's onClose functions failed`);
    },
  };
}
