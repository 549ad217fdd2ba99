#!/bin/bash
#SBATCH --signal=B:USR1@300 --no-requeue
#SBATCH --chdir=~/runs --export=NONE,HF_TOKEN,STAGE=2,MISSING
#SBATCH --nice=50 --open-mode=append
trap 'echo saving' USR1
python long.py & wait
