/** Code 128 as bars on paper: what a scanner at the dock reads from a label. */

export interface Paper {
  rect(x: number, y: number, width: number, height: number): { fill(): unknown };
}
/** Empty paper that a scanner needs on both sides, in widths of the thinnest bar. */
const quiet_modules = 10;

/** Fills the width given with the bars and the quiet zones beside them. `text`: ASCII. */
export async function draw_code_128(
  paper: Paper,
  text: string,
  at: { x: number; y: number; width: number; height: number },
): Promise<void> {
  // With the first label only: most processes never print.
  // The default export's `raw` gives widths; the named one is a symbology of that name.
  const { default: bwip } = await import('bwip-js');
  const [symbol] = bwip.raw({ bcid: 'code128', text });
  if (symbol === undefined || !('sbs' in symbol)) throw new Error('no bars were drawn');
  const runs: readonly number[] = symbol.sbs;
  const module = at.width / (runs.reduce((sum, run) => sum + run, 0) + 2 * quiet_modules);
  let x = at.x + quiet_modules * module;
  // A bar, a space, a bar …
  for (const [place, run] of runs.entries()) {
    if (place % 2 === 0) paper.rect(x, at.y, run * module, at.height).fill();
    x += run * module;
  }
}
