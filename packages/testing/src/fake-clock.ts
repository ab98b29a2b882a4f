/** A clock that stands still until it is moved. */
export interface FakeClock {
  now(): Date;
  advance(by: { seconds?: number; minutes?: number; hours?: number; days?: number }): void;
}

/**
 * @example
 * const clock = createFakeClock();
 * clock.advance({ minutes: 16 }); // an access token has expired
 */
export function createFakeClock(start: Date = new Date()): FakeClock {
  let time = start.getTime();
  return {
    now: () => new Date(time),
    advance({ seconds = 0, minutes = 0, hours = 0, days = 0 }) {
      time += (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
    },
  };
}
