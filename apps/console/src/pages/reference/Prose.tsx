/** Text of the document: paragraphs, and `code` between backticks. No other markup, and never HTML. */
export function Prose({ text, inline = false }: { text: string; inline?: boolean }) {
  if (inline) return <span>{pieces(text)}</span>;
  return text.split(/\n{2,}/).map((paragraph) => <p key={paragraph}>{pieces(paragraph)}</p>);
}

function pieces(text: string) {
  // Odd pieces stood between backticks. Their order never changes.
  return text.split('`').map((piece, index) => (index % 2 === 1 ? <code key={index}>{piece}</code> : piece));
}
