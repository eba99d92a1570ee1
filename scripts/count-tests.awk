#!/usr/bin/awk -f
# count-tests.awk LOG... : adds up the tests inside the programs that `ctest -V` ran: cmocka's "[  PASSED  ] N test(s)." and the scripts' "N passed, N failed".
# Shows what failed and what was skipped. A program that failed without counting a failure (a crash, a time-out) counts as one. Exit 1 if anything failed.
FNR == 1 { for (id in failed_in) delete failed_in[id] }
match($0, /^[0-9]+: /) {
    id = substr($0, 1, RLENGTH - 2)
    line = substr($0, RLENGTH + 1)
    if (line ~ /^\[  PASSED  \] [0-9]+ test/) passed += words(line, 4)
    else if (line ~ /^\[  FAILED  \] [0-9]+ test/) { failed += words(line, 4); failed_in[id] = 1 }
    else if (line ~ /^[0-9]+ passed, [0-9]+ failed/) {
        passed += words(line, 1); failed += words(line, 3)
        if (words(line, 3) > 0) failed_in[id] = 1
        if (line ~ /skipped/) skipped += words(line, 5)
    }
    if (line ~ /^(\[  FAILED  \] [a-z]|\[  ERROR   \]|\[   LINE   \]|FAIL|SKIP|.*AddressSanitizer|.*runtime error)/) print "  " line
}
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+:/ {
    if ($0 ~ /\*\*\*Skipped/) { skipped++; print "skipped: " $4 }
    else if ($0 !~ /Passed/) {
        number = $3; gsub(/[#:]/, "", number)
        print "FAILED: " $4
        if (!(number in failed_in)) failed++
    }
}
function words(text, i, parts) { split(text, parts, /[ ,]+/); return parts[i] + 0 }
END {
    if (passed + failed == 0) { print "no test was run"; failed = 1 }
    if (skipped) printf "%d skipped\n", skipped
    printf "%d passed, %d failed\n", passed, failed
    exit failed > 0
}
