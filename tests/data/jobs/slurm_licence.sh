#!/bin/bash
#SBATCH -t 10
#SBATCH -L matlab:2
matlab -batch run
