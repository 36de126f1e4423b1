/** A progress bar with the simulated date, orders a second and money; one line that rewrites itself, or one line per month when nobody watches. */
export interface Progress {
  show(now: { date: string; share: number; orders: number; mills: number }): void;
  end(): void;
}

const width = 28;
const refresh_ms = 100;

export function progress(started_ms: number, clock_ms: () => number): Progress {
  const live = process.stdout.isTTY === true;
  let shown_ms = 0;
  let month = '';
  return {
    show({ date, share, orders, mills }) {
      const now = clock_ms();
      if (live ? now - shown_ms < refresh_ms && share < 1 : date.slice(0, 7) === month) return;
      shown_ms = now;
      month = date.slice(0, 7);
      const filled = Math.round(share * width);
      const per_second = Math.round(orders / Math.max(0.001, (now - started_ms) / 1_000));
      const line = `  ${date.slice(0, 10)}  ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${String(Math.round(share * 100)).padStart(3)} %  ${String(orders).padStart(6)} orders  ${String(per_second).padStart(5)}/s  ${money(mills).padStart(14)}`;
      process.stdout.write(live ? `\r${line}` : `${line}\n`);
    },
    end: () => void (live && process.stdout.write('\n')),
  };
}

export function money(mills: number): string {
  const sign = mills < 0 ? '−' : '';
  const absolute = Math.abs(mills);
  const pounds = Math.floor(absolute / 1_000).toLocaleString('en-GB');
  const rest = String(absolute % 1_000).padStart(3, '0');
  return `${sign}£${pounds}.${rest.endsWith('0') ? rest.slice(0, 2) : rest}`;
}
