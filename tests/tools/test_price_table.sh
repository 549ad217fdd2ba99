#!/bin/sh
# Holds src/site/price_table.c against the price catalogue it was read from, by the rule it states.
# shellcheck source=tap.sh
. "$(dirname "$0")/tap.sh"
offers=${WHALEFLUX_DATA:-$project/../shared/data}/prices/gpu_offers.csv
[ -e "$offers" ] || skip_all "no $offers: WHALEFLUX_DATA names the folder above prices/"
table=$project/src/site/price_table.c

# Lines "model nanodollars date", the lowest price per whole GPU at the first cloud that lists the
# model. The catalogue calls the V100 with 16 GB only V100.
lowest_by_rule() {
    awk -F, '
        BEGIN { rank["azure"] = 1; rank["gcp"] = 2; rank["aws"] = 3 }
        !($1 in rank) || $7 < 1 || $11 == "" || $13 == "" { next }
        {
            model = $5 == "V100" ? "V100M16" : $5 == "V100-32GB" ? "V100M32" : $5
            price = $11 / $7
            if (!(model in at) || rank[$1] < at[model] ||
                (rank[$1] == at[model] && price < lowest[model])) {
                at[model] = rank[$1]; lowest[model] = price; date[model] = $13
            }
        }
        END { for (m in at) printf "%s %.0f %s\n", m, lowest[m] * 1e9, date[m] }' "$offers"
}

# The same lines from the rows of the table, without those that are assumed.
stated() {
    awk '
        /^    \{"/ {
            split($0, part, "\"")
            split(part[3], word, " ")
            row = part[2] " " sprintf("%.0f", word[2] / word[6] * 1e9) " " part[4]
            assumed = 0
        }
        /assumed:/ { assumed = 1 }
        /(true|false)\},$/ { if (!assumed) print row }' "$table"
}

lowest_by_rule | sort >"$toy/rule"
stated | sort >"$toy/stated"

has_rows() {
    [ "$(wc -l <"$toy/stated")" -ge 10 ]
}
every_row_follows_the_rule() {
    comm -23 "$toy/stated" "$toy/rule" >"$toy/differ"
    cat "$toy/differ"
    [ ! -s "$toy/differ" ]
}
accepts "the table has list prices" has_rows
accepts "each is the one that the rule gives" every_row_follows_the_rule

finish
