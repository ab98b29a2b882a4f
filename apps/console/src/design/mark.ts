/** The mark: a gatehouse with its arch and portcullis. Path data only, so that both entries can draw it. */
export const markPath =
  'M3 5h6v4h4V5h6v4h4V5h6v23h-7.5v-7.5a5.5 5.5 0 0 0-11 0V28H3zM13.4 28v-9.2l1.2-.5V28zM17.4 28v-9.7l1.2.5V28zM11 22.4h10v1.2H11z';
