/**
 * Beside each row that does not hold its bound: what was tried, and what the limit is. A row that is not here has had nothing tried on it, and
 * the page says so. Printed only while the bound does not hold.
 */
export const limits: Readonly<Record<string, string>> = {};
