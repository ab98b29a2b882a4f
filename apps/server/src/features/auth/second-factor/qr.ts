import { create } from 'qrcode';

/** Modules around the code that stay light (ISO/IEC 18004 §6.3.8). */
const QUIET = 4;

/** A text as the path of a QR code's dark modules: one rectangle for each run in a row. */
export function qrPath(text: string): { size: number; path: string } {
  const { modules } = create(text, { errorCorrectionLevel: 'M' });
  const runs: string[] = [];
  for (let y = 0; y < modules.size; y += 1) {
    let x = 0;
    while (x < modules.size) {
      let end = x;
      while (end < modules.size && modules.get(y, end)) end += 1;
      if (end > x) runs.push(`M${x + QUIET} ${y + QUIET}h${end - x}v1h${x - end}z`);
      x = end + 1;
    }
  }
  return { size: modules.size + 2 * QUIET, path: runs.join('') };
}
