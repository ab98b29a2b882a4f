/** A person at a glance. The name stands beside it, so it says nothing to a screen reader. */
export function Initials({ name }: { name: string }) {
  const words = name.split(/\s+/u).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => [...(word ?? '')][0] ?? '',
  );
  return (
    <span className="initials" aria-hidden="true">
      {letters.join('').toLocaleUpperCase()}
    </span>
  );
}
