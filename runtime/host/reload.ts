/**
 * Hot reload for development: Node's own watcher takes the place of this process and starts the work again whenever a file
 * it is made of changes. What fails to load waits for the next change instead of ending the container.
 */

/**
 * Call first, and go on only when it returns: with HOT_RELOAD=true this process becomes the watcher, whose child is the work.
 * @param entry path of the file that is run
 */
export function underWatch(entry: string, args: readonly string[] = process.argv.slice(2)): void {
  if (process.env['HOT_RELOAD'] !== 'true') return;
  if (process.execve === undefined) throw new Error('HOT_RELOAD needs Node 23.11 or later, not on Windows');
  const { HOT_RELOAD: _, ...environment } = process.env;
  const watcher = [
    process.execPath,
    ...process.execArgv,
    '--watch',
    '--watch-preserve-output',
    entry,
    ...args,
  ];
  process.execve(process.execPath, watcher, environment);
}
