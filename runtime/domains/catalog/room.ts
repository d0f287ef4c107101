/** Room in memory for so many bytes, however many want some at once. Whoever comes first is first; nobody holds some while waiting for more. */

export interface Room {
  /** Holds so many bytes while the work lasts; where there are not as many left, it waits. @param bytes at most all there are */
  within<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

/** @param bytes there are in all */
export function createRoom(bytes: number): Room {
  let left = bytes;
  const waiting: { readonly bytes: number; readonly enter: () => void }[] = [];

  /** In their order: what is large is not kept waiting by what is small and comes later. */
  function letIn(): void {
    for (let [next] = waiting; next !== undefined && next.bytes <= left; [next] = waiting) {
      waiting.shift();
      left -= next.bytes;
      next.enter();
    }
  }

  return {
    async within(wanted, work) {
      if (wanted > bytes) throw new RangeError(`There is no room for ${wanted} of ${bytes} bytes.`);
      await new Promise<void>((enter) => {
        waiting.push({ bytes: wanted, enter });
        letIn();
      });
      try {
        return await work();
      } finally {
        left += wanted;
        letIn();
      }
    },
  };
}
