#!/bin/bash
#SBATCH -d singleton
true
