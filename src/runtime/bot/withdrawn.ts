/** The reason of a stop after which the bot is not to run here any more: all else passes. */
export const WITHDRAWN = 'withdrawn';
