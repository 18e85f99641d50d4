/** Style sheets go into the bundle; nothing is imported from them. */
declare module '*.css';
