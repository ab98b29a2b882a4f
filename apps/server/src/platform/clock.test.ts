import { describe, expect, it } from 'vitest';
import { createDatabaseClock } from './clock.ts';

describe("the database's clock", () => {
  it('moves only where the answer says that it is wrong, and then into the middle of what is possible', () => {
    const clock = createDatabaseClock(() => undefined);
    clock.observe({ sentAt: 1000, databaseTime: 1030, receivedAt: 1100 });
    expect(clock.offset).toBe(0);
    clock.observe({ sentAt: 1000, databaseTime: 121_050, receivedAt: 1100 });
    expect(clock.offset).toBe(120_000);
    clock.observe({ sentAt: 2000, databaseTime: 122_400, receivedAt: 2500 });
    expect(clock.offset).toBe(120_000);
    expect(clock.now().getTime() - Date.now()).toBeGreaterThan(119_000);
  });

  it('tells of each second that the machine is off, and not of every look', () => {
    const told: number[] = [];
    const clock = createDatabaseClock((milliseconds) => void told.push(milliseconds));
    for (const databaseTime of [1900, 3000, 3001, 3400, 1000])
      clock.observe({ sentAt: 1000, databaseTime, receivedAt: 1000 });
    expect(told).toEqual([2000, 0]);
  });
});
