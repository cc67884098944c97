/** Id of the sentence in the header that says why there can be no new instance. */
export const WHY_NO_INSTANCE = "why-no-instance";
