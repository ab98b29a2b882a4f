const WIDTH = 30;
const grouped = (number) => Math.round(number).toLocaleString('en').replaceAll(',', ' ');
export const clock = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

/** A bar on a terminal; a line for each tenth where standard error is a file. */
export function startProgress(what, total) {
  const started = performance.now();
  let drawnAt = 0;
  let tenth = 0;
  const seconds = () => (performance.now() - started) / 1000;
  const line = (done) => {
    const share = Math.min(1, done / total);
    const bar = '█'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '░');
    const left = done > 0 && done < total ? `, about ${clock((seconds() / done) * (total - done))} left` : '';
    return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${grouped(done)} of ${grouped(total)} ${what}, ${grouped(done / seconds())}/s, ${clock(seconds())}${left}`;
  };
  return {
    at(done) {
      if (process.stderr.isTTY) {
        if (performance.now() - drawnAt < 200) return;
        drawnAt = performance.now();
        process.stderr.write(`\r\x1b[2K${line(done)}`);
      } else if (Math.floor((done / total) * 10) > tenth) {
        tenth = Math.floor((done / total) * 10);
        process.stderr.write(`${line(done)}\n`);
      }
    },
    end() {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${line(total)}\n`);
      return seconds();
    },
  };
}
