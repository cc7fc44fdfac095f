// The smallest unikernel: it does nothing, and ends. Its exit status is the runner's: `./morgana run samples/Noop -- 3` exits with 3.
return args is [string status] && byte.TryParse(status, out byte value) ? value : 0;
