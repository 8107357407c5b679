import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

// Reads its orders from a pipe. When the pipe ends, its owner is dead, however it died: then everything owned goes too.
// (An 'exit' hook is not enough: it does not run after SIGKILL, nor inside a Jest sandbox.)
const script = `
trap '' INT TERM HUP
nl='
'
pids='' dirs=''
while IFS=' ' read -r verb what; do
  case "$verb" in
    pid) pids="$pids $what" ;;
    reaped) kept=''; for pid in $pids; do [ "$pid" = "$what" ] || kept="$kept $pid"; done; pids=$kept ;;
    dir) dirs="$dirs$what$nl" ;;
  esac
done
for pid in $pids; do kill -s CONT -- "-$pid"; kill -s KILL -- "-$pid"; done 2>/dev/null
[ -n "$dirs" ] || exit 0
[ -z "$pids" ] || sleep 0.5
IFS=$nl
for dir in $dirs; do rm -rf "$dir"; done
`;

let orders: Writable | undefined;

function tell(order: string): void {
  if (orders === undefined) {
    const guard = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    guard.unref();
    orders = guard.stdin;
    // A pipe's handle keeps the process alive unless told otherwise.
    (guard.stdin as unknown as { unref(): void }).unref();
    guard.stdin.on('error', () => undefined);
  }
  orders.write(`${order}\n`);
}

/** What dies with this process, even when it is killed. */
export const guard = {
  /** The leader of a process group. */
  owns(pid: number): void {
    tell(`pid ${String(pid)}`);
  },
  reaped(pid: number): void {
    tell(`reaped ${String(pid)}`);
  },
  ownsDirectory(path: string): void {
    tell(`dir ${path}`);
  },
};
